import https from 'node:https';
import type { Answer, ClientSetting, RequestOptions } from './http2-call.ts';

/** Reference, C2: the size of the pool for HTTP/1.1. */
const POOL_SIZE = 16;
/** Under the 8 s after which the service resets an idle connection: HTTP/1.1 has no PING to keep it with. */
const IDLE_MS = 5_000;

/** Connections that offer `http/1.1` by ALPN, and nothing else. */
export const openPool = ({ ca }: Pick<ClientSetting, 'ca'>): https.Agent =>
  new https.Agent({ ca, ALPNProtocols: ['http/1.1'], keepAlive: true, maxSockets: POOL_SIZE, timeout: IDLE_MS });

/** Sends one request over a pool, and waits for the whole answer; rejects when the connection ends before that. */
export function requestByHttp1(
  agent: https.Agent,
  url: URL,
  method: string,
  { headers, body, signal }: RequestOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, {
      agent,
      method,
      headers: { authorization: 'Bearer ark-reference', ...headers },
      ...(signal && { signal }),
    });
    sent.on('error', reject);
    sent.on('response', async (answer) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of answer) chunks.push(chunk);
        const { statusCode = 0, headers } = answer;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
      } catch (error) {
        reject(error);
      }
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
