import { readFileSync } from 'node:fs';

/** The least version of Node that the package asks for: `22.18` of `>=22.18`. */
export function neededNode(): string {
  // Two folders up from here, and from where the build puts this.
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return /[\d.]+/.exec(engines.node)?.[0] ?? '0';
}
