/** Buffers that are lent to connections for as long as they have something to write, so that idle ones hold none. */

/** Enough for a turn's messages of most connections. */
const SMALL = 4_096;
/** For those that send much. */
const LARGE = 65_536;

/** At most so many of each are kept: 4 MiB of small and 2 MiB of large ones. */
const KEPT_SMALL = 1_024;
const KEPT_LARGE = 32;

const small: Buffer[] = [];
const large: Buffer[] = [];

/** The size up to which a slab can be had. */
export const LARGEST_SLAB: number = LARGE;

/** Lends a slab with room for so many bytes, at most {@link LARGEST_SLAB}. */
export function takeSlab(room: number): Buffer {
  if (room <= SMALL) return small.pop() ?? Buffer.allocUnsafeSlow(SMALL);
  return large.pop() ?? Buffer.allocUnsafeSlow(LARGE);
}

/** Takes a slab back. */
export function giveSlab(slab: Buffer): void {
  if (slab.length === SMALL && small.length < KEPT_SMALL) small.push(slab);
  else if (slab.length === LARGE && large.length < KEPT_LARGE) large.push(slab);
}
