/** Sets Sentry up, as its documentation says: `node --import ./with-sentry.js server.js`. Nothing is sent anywhere. */

import * as Sentry from "@sentry/node";
import type { Reports } from "./watched-server.js";

const errors: object[] = [];
const transactions: object[] = [];

Sentry.init({
  dsn: "http://key@127.0.0.1:9/1",
  tracesSampleRate: 1,
  traceLifecycle: "static",
  beforeSend: ({ user, message, exception }) => {
    errors.push({ user: user?.id, message: message ?? exception?.values?.[0]?.value });
    return null;
  },
  beforeSendTransaction: ({ transaction, contexts }) => {
    transactions.push({ transaction, status: contexts?.trace?.data?.["http.response.status_code"] });
    return null;
  },
});

const reports: Reports = {
  setUser: (id) => Sentry.setUser({ id }),
  own: () => String(Sentry.getIsolationScope().getUser()?.id),
  fail: (message) => void Sentry.captureException(new Error(message)),
  all: async () => {
    await Sentry.flush(1_000);
    return [{ errors, transactions }];
  },
};
Object.assign(globalThis, { reports });
