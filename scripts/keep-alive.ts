/** `npm run keep-alive`: how far aiohttp and httpx reuse their connections, as they come and tuned (reference, B7). */
import { measureKeepAlive, PER_SECOND, renderKeepAlive, SECONDS } from '../client-tests/python/keep-alive.ts';
import { findPython } from '../client-tests/python/python.ts';

const python = await findPython();
if (python === undefined) process.exit(1);
console.error(`${PER_SECOND} requests/s for ${SECONDS} s ...`);
console.log(renderKeepAlive(await measureKeepAlive(python)));
