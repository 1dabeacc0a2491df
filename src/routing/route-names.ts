/**
 * The names of routes and their paths, for `urlFor` to know which variables they have. To have them checked, add them:
 *
 *     declare module "jackfield" { interface RouteNames { "chat.room": "/chat/:id" } }
 */
export interface RouteNames {}
