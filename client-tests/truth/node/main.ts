/** Runs the program of a row: `node main.ts NAME`. */
import { rows } from '../corpus.ts';
import { Client } from './client.ts';

const row = rows.find(({ name, language }) => language === 'node' && name === process.argv[2]);
if (!row?.program) throw new Error(`There is no Node program for "${process.argv[2]}".`);
await row.program(new Client());
// What a program leaves open ends with it.
process.exit();
