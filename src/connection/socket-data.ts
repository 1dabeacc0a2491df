/**
 * What an application keeps on `ws.data`. To have it typed, add to it:
 *
 *     declare module "jackfield" { interface SocketData { user: User } }
 */
export interface SocketData {
  [key: string]: unknown;
}
