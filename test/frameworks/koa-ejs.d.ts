/** As much of `@koa/ejs`, which brings no types, as the tests use. */
declare module "@koa/ejs" {
  import type Koa from "koa";

  export default function render(
    app: Koa,
    settings: { readonly root: string; readonly viewExt: string; readonly layout: false },
  ): void;
}
