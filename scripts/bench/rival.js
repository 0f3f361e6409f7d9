// The bare `node:http2` server that ours is measured against. Plain JavaScript, as dist/ is: stripping types would slow its start.
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';

const [port, keyFile, certFile, answerFile] = process.argv.slice(2);
const { headers, body } = JSON.parse(readFileSync(answerFile, 'utf8'));

// Each of our answers has an id of its own, which header compression cannot make shorter: the same bytes, then.
const idHead = headers['x-request-id'].slice(0, -6);
let answers = 2 ** 20;

const server = createSecureServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) });
server.on('stream', (stream) => {
  stream.on('error', ignore);
  headers['x-request-id'] = idHead + (++answers).toString(16);
  stream.respond(headers);
  stream.end(body);
});
server.on('sessionError', ignore);
server.listen(Number(port), '127.0.0.1');

function ignore() {}
