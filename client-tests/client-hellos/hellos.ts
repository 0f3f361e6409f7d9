import { existsSync, readFileSync } from 'node:fs';

/** A ClientHello as a real client sent it. */
export interface CollectedHello {
  readonly library: string;
  readonly version: string;
  readonly when:
    | 'first'
    | 'resumed'
    | 'resumed by TLS 1.2'
    | 'after HelloRetryRequest'
    | 'resumed at a server that had retried'
    | 'resumed after HelloRetryRequest';
  /** Its TLS records, in hex. */
  readonly hello: string;
  /** As an independent program reads it (`ja4.py`). */
  readonly ja4?: string;
}

export const HELLOS_FILE = new URL('./hellos.json', import.meta.url);

export const readHellos = (): readonly CollectedHello[] =>
  existsSync(HELLOS_FILE) ? JSON.parse(readFileSync(HELLOS_FILE, 'utf8')) : [];
