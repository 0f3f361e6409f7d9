/** What stands on the command line, read: each takes the text of an argument, and throws an InvalidArgumentError that says what was expected. */
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import type { PortRange } from '../lanes.ts';

/** A whole number within bounds. */
export function integer({ min, max }: { min: number; max: number }) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

export const port = integer({ min: 0, max: 65_535 });
export const seed = integer({ min: 0, max: 2 ** 32 - 1 });

/** As many as there may be lanes (`MAX_LANES`, which is not loaded for its sake). */
const MAX_LANE_PORTS = 1_000;

/** `9000-9015`. */
export function portRange(text: string): PortRange {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text)?.map(Number) ?? [];
  if (from !== undefined && to !== undefined && from >= 1 && from <= to && to <= 65_535 && to - from < MAX_LANE_PORTS)
    return { from, to };
  throw new InvalidArgumentError(
    `Expected FROM-TO, both from 1 to 65535 and ${MAX_LANE_PORTS} ports at most, such as 9000-9015.`,
  );
}

/** How many times as fast time runs. */
export function speed(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError('Expected a number above 0, 10000 at most: 20 makes time run 20 times as fast.');
}

/** Scheme and authority of a URL. */
export function origin(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new InvalidArgumentError('Expected scheme and authority, such as https://videos.example.com.');
}

/** `localhost:8443`, `[::1]:8443`. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = Number(digits);
  if (host !== undefined && number >= 1 && number <= 65_535) return { host, port: number };
  throw new InvalidArgumentError('Expected HOST:PORT, such as localhost:8443 or [::1]:8443.');
}

/** One more address or name that a certificate holds for. */
export function certName(text: string, before: readonly string[] = []): readonly string[] {
  if (isIP(text) || /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected an IP address or a host name, such as 172.17.0.1 or videos.example.com.');
}

/** One more name that DNS is answered for. */
export function dnsName(text: string, before: readonly string[] = []): readonly string[] {
  if (/^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text)) return [...before, text];
  throw new InvalidArgumentError('Expected a host name, such as videos.example.com or *.example.com.');
}
