/** Express 4 under another name; close enough to Express 5 for what the tests do with it. */
declare module "express4" {
  export { default } from "express";
}
