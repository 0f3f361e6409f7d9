/** What the reference says of a number of bytes before a reset (`wire/send-queue.ts`). */
export const EXACT_BYTES =
  'Exact on Linux, for a client that reads; without /proc/net/tcp a reset may cost the last of more than 64 KB.';
