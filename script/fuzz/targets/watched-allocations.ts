/** The largest of the buffers that were asked for. */
export interface WatchedAllocations {
  largest: number;
}

/**
 * Notes how large the buffers are that code asks for of its own, for as long as the process lives: by
 * `Buffer.allocUnsafeSlow`, which the library uses where memory is to be held for some time.
 */
export function watchAllocations(): WatchedAllocations {
  const watched: WatchedAllocations = { largest: 0 };
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  Buffer.allocUnsafeSlow = (size) => {
    if (size > watched.largest) watched.largest = size;
    return allocate(size);
  };
  return watched;
}
