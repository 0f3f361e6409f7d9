/** Starts and closes a server in this process so many times, and prints how long each start took, in milliseconds. */

// What is built: it is not there when the types are checked.
const built = new URL('../../dist/index.js', import.meta.url).href;
const { startMockServer } = (await import(built)) as typeof import('../../server/index.ts');

const TIMES = Number(process.argv[2]);

const startsMs: number[] = [];
for (let time = 0; time < TIMES; time++) {
  const startedAt = performance.now();
  await using _server = await startMockServer();
  startsMs.push(performance.now() - startedAt);
}
console.log(JSON.stringify(startsMs));
