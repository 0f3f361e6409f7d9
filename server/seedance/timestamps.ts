/**
 * How the service writes moments, all given as lane time in Unix milliseconds.
 * `new Date(ms)` formats a time that was handed in; asking for the present one is the clock's alone.
 */

const CHINA_OFFSET_MS = 8 * 3_600_000;

/** Unix seconds, as in `created_at` (reference, section 3). */
export const toSeconds = (ms: number): number => Math.floor(ms / 1_000);

/** `yyyyMMddHHmmss` in UTC+8, as in the middle of a task id (reference, section 2). */
export const toChinaTime = (ms: number): string =>
  new Date(ms + CHINA_OFFSET_MS).toISOString().replaceAll(/\D/g, '').slice(0, 14);

/** `yyyyMMddTHHmmssZ`, as in `X-Tos-Date` (reference, section 11). */
export const toBasicTime = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, '');

/** Reads `yyyyMMddTHHmmssZ`; NaN when it is not one. */
export const fromBasicTime = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
