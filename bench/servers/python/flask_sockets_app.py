"""Flask-Sockets: echoes on /echo, and sends what comes on /publish to all on /subscribe."""

from flask import Flask
from flask_sockets import Sockets
from werkzeug.routing import Rule

app = Flask(__name__)
sockets = Sockets(app)
subscribers = set()


def route(path):
    """As `sockets.route`, which doesn't tell the Werkzeug of today that the rule is one for WebSockets."""
    return lambda handler: sockets.url_map.add(Rule(path, endpoint=handler, websocket=True))


def messages(ws):
    while not ws.closed:
        message = ws.receive()
        if message is not None:
            yield message


@route("/echo")
def echo(ws):
    for message in messages(ws):
        ws.send(message)


@route("/subscribe")
def subscribe(ws):
    subscribers.add(ws)
    try:
        for _ in messages(ws):
            pass
    finally:
        subscribers.discard(ws)


@route("/publish")
def publish(ws):
    for message in messages(ws):
        for subscriber in list(subscribers):
            subscriber.send(message)
