/** How many things of a kind a check remembers per client. */
export const KEPT = 10_000;

/** Sets a value in a map of which the newest are kept. */
export function keep<K, V>(known: Map<K, V>, key: K, value: V, limit = KEPT): void {
  known.set(key, value);
  if (known.size > limit) for (const oldest of known.keys()) return void known.delete(oldest);
}
