/** Keeps its thread busy. */
export function burn(milliseconds: number): string {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return `burnt ${milliseconds}`;
}
