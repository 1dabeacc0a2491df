/** The variables of a path, typed from its literal. */

import type { AnyParams, PathParams } from "jackfield";
import type { Sockets } from "jackfield";
import type { Sockets as ExpressSockets } from "jackfield/express";
import { holds, type Same } from "./assert-type.js";

declare const http: Sockets;
declare const express: ExpressSockets;
declare const anyPath: string;

type Of<Path extends string> = PathParams<Path>;

export function params(): void {
  // None, one, several.
  holds<Same<Of<"/rooms/:id">, { readonly id: string }>>();
  holds<Same<Of<"/:a/:b">, { readonly a: string; readonly b: string }>>();
  holds<Same<Of<"/:from-:to.json">, { readonly from: string; readonly to: string }>>();
  holds<Same<Of<"/users/:user_id/posts/:postId">, { readonly user_id: string; readonly postId: string }>>();

  // Optional ones, in the syntax of Express 5 and of Express 4.
  holds<Same<Of<"/rooms/:id{/:page}">, { readonly id: string; readonly page?: string }>>();
  holds<Same<Of<"/a{/:b}/:c">, { readonly b?: string; readonly c: string }>>();
  holds<
    Same<
      Of<"/a{/:b{/:c}/:d}/:e">,
      { readonly b?: string; readonly c?: string; readonly d?: string; readonly e: string }
    >
  >();
  holds<Same<Of<"/rooms/:id?">, { readonly id?: string }>>();
  holds<Same<Of<"/rooms/:id(\\d+)">, { readonly id: string }>>();

  // Wildcards give a list of segments.
  holds<Same<Of<"/files/*path">, { readonly path: string[] }>>();
  holds<Same<Of<"/files{/*path}">, { readonly path?: string[] }>>();

  // A path that is no literal.
  holds<Same<Of<string>, AnyParams>>();
  holds<Same<AnyParams["anything"], string | string[] | undefined>>();

  express.route("/rooms/:id", (ws) => {
    holds<Same<typeof ws.params.id, string>>();
  });
  http.route("/rooms/:id{/:page}/*rest", (ws) => {
    holds<Same<typeof ws.params.id, string>>();
    holds<Same<typeof ws.params.page, string | undefined>>();
    holds<Same<typeof ws.params.rest, string[]>>();
    // @ts-expect-error -- there is no such variable
    void ws.params.name;
    // @ts-expect-error -- the variables of a request don't change
    ws.params.id = "8";
  });

  http.route("/plain", (ws) => {
    // @ts-expect-error -- there is no variable
    void ws.params.id;
  });

  http.route("/files/*path", {
    message(ws) {
      holds<Same<typeof ws.params.path, string[]>>();
      // @ts-expect-error -- there is no such variable
      void ws.params.id;
    },
  });

  express.route("/users/:user/:tab?", (ws) => {
    holds<Same<typeof ws.params.user, string>>();
    holds<Same<typeof ws.params.tab, string | undefined>>();
    // @ts-expect-error -- there is no such variable
    void ws.params.tabs;
  });

  http.route(anyPath, (ws) => {
    holds<Same<(typeof ws.params)["x"], string | string[] | undefined>>();
  });
}
