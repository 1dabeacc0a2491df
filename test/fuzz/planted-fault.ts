/** Fails for what begins with four letters: each is a step of its own, which a run is guided to, and hardly finds by chance. */
export function plantedFault(input: Buffer): string {
  if (input[0] === 0x4a) {
    if (input[1] === 0x61) {
      if (input[2] === 0x63) {
        if (input[3] === 0x6b) throw new Error("the planted fault");
        return "no fault";
      }
      return "no fault";
    }
    return "no fault";
  }
  return "no fault";
}
