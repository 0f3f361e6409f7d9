/** Unix milliseconds as seconds and nanoseconds, the way OpenTelemetry's types have them. */
export const toHrTime = (ms: number): [number, number] => [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
