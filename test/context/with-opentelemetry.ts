/** Sets OpenTelemetry up, as its documentation says: `node --import ./with-opentelemetry.js server.js`. */

import { register } from "node:module";
import { trace } from "@opentelemetry/api";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { ExpressInstrumentation } from "@opentelemetry/instrumentation-express";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { Reports } from "./watched-server.js";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] });

/** In few words. */
function summary({ name, kind, attributes }: ReadableSpan): object {
  const status = attributes["http.response.status_code"] ?? attributes["http.status_code"];
  const path = attributes["url.path"];
  return { name, kind, path, status };
}

const reports: Reports = {
  setUser: () => undefined,
  own: () => trace.getActiveSpan()?.spanContext().traceId,
  fail: () => undefined,
  all: () => Promise.resolve(exporter.getFinishedSpans().map(summary)),
};
Object.assign(globalThis, { reports });
