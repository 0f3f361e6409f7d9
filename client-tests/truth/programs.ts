import { fileURLToPath } from 'node:url';
import { buildGoClient } from '../go/go.ts';
import { findPython } from '../python/python.ts';
import type { Language, Row } from './row.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The command that runs a row's program; undefined where this machine lacks its language. */
export type CommandOf = (row: Row) => readonly string[] | undefined;

/** Makes ready what the programs need: one Go binary, one Python environment. */
export async function preparePrograms(wanted: readonly Language[]): Promise<CommandOf> {
  const python = wanted.includes('python') ? await findPython() : undefined;
  const go = wanted.includes('go') ? await buildGoClient('truth', '../truth/go') : undefined;
  return ({ language, name }) => {
    switch (language) {
      case 'node':
        return [process.execPath, here('node/main.ts'), name];
      case 'python':
        return python === undefined ? undefined : [python, here('python/truth.py'), name];
      case 'go':
        return go === undefined ? undefined : [go, name];
    }
  };
}
