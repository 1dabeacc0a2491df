/** As much of a Jackfield socket as a broadcast needs. */
export interface Subscriber {
  send(message: string | Uint8Array): Promise<void>;
}
