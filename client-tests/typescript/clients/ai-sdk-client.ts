/** Makes a video with the AI SDK, and prints what it saw as JSON.
 *
 *     node ai-sdk-client.ts [--http2] [--own-download] [--retry] [--impatient]
 *
 * With `--http2` it has the fetch of the package undici in place of Node's own, as an application may. With `--retry` it leaves
 * the SDK's retries alone; without, there are none. With `--impatient` it polls for half a second and not for five minutes.
 */
import { hash } from 'node:crypto';
import { createByteDance } from '@ai-sdk/bytedance';
import { experimental_generateVideo as generateVideo } from 'ai';
import { install } from 'undici';

const { SEEDANCE_BASE_URL: baseURL = '', ARK_API_KEY: apiKey = '' } = process.env;

/** The SDK's own refuses a private address, also behind a public name, and speaks HTTP/1.1 only, whatever fetch there is. */
async function download({ url, abortSignal }: { readonly url: URL; readonly abortSignal?: AbortSignal }) {
  const answer = await fetch(url, { signal: abortSignal ?? null });
  return { data: await answer.bytes(), mediaType: answer.headers.get('content-type') ?? undefined };
}

if (process.argv.includes('--http2')) install();

try {
  const { video, providerMetadata } = await generateVideo({
    model: createByteDance({ baseURL, apiKey }).video('dreamina-seedance-2-0-260128'),
    prompt: 'A lighthouse at dusk.',
    aspectRatio: '16:9',
    duration: 5,
    providerOptions: {
      bytedance: {
        pollIntervalMs: 50,
        generateAudio: true,
        ...(process.argv.includes('--impatient') && { pollTimeoutMs: 500 }),
      },
    },
    ...(!process.argv.includes('--retry') && { maxRetries: 0 }),
    ...(process.argv.includes('--own-download') && { download }),
  });
  const { taskId, usage } = providerMetadata.bytedance ?? {};
  const bytes = Buffer.from(video.uint8Array);
  console.log(
    JSON.stringify({
      task: taskId,
      usage,
      type: video.mediaType,
      box: bytes.toString('latin1', 4, 8),
      sha256: hash('sha256', bytes),
    }),
  );
} catch (error) {
  const { name, message } = error as Error;
  console.log(JSON.stringify({ error: name, message }));
}
