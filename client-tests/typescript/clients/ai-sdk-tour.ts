/** Does with the AI SDK all that it has of the API, and prints what it saw as JSON. List and delete are not in it.
 *
 *     node ai-sdk-tour.ts [--http2]
 *
 * The server answers its fourth create and those after it with an error each.
 */
import { createByteDance } from '@ai-sdk/bytedance';
import { experimental_generateVideo as generateVideo } from 'ai';
import { install } from 'undici';

const { SEEDANCE_BASE_URL: baseURL = '', ARK_API_KEY: apiKey = '' } = process.env;
const ERRORS = 9;

/** The SDK's own refuses a private address. */
async function download({ url }: { readonly url: URL }) {
  const answer = await fetch(url);
  return { data: await answer.bytes(), mediaType: answer.headers.get('content-type') ?? undefined };
}

if (process.argv.includes('--http2')) install();

const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const model = createByteDance({ baseURL, apiKey }).video('dreamina-seedance-2-0-260128');
const common = { model, maxRetries: 0, download };
const poll = { pollIntervalMs: 50 };

type Call = Parameters<typeof generateVideo>[0];
const calls: Readonly<Record<string, Call>> = {
  t2v: {
    ...common,
    prompt: 'A lighthouse at dusk.',
    aspectRatio: '9:16',
    duration: 4,
    providerOptions: { bytedance: poll },
  },
  flf2v: {
    ...common,
    prompt: { image: pixel, text: 'It blooms.' },
    providerOptions: { bytedance: { ...poll, lastFrameImage: pixel, generateAudio: false } },
  },
  r2v: {
    ...common,
    prompt: 'The person in image 1 dances as in video 1.',
    providerOptions: {
      bytedance: {
        ...poll,
        referenceImages: [pixel],
        referenceVideos: ['https://example.com/dance.mp4'],
        referenceAudio: ['https://example.com/beat.mp3'],
      },
    },
  },
};

const made: Record<string, unknown> = {};
for (const [mode, call] of Object.entries(calls)) {
  const { video } = await generateVideo(call);
  const bytes = Buffer.from(video.uint8Array);
  made[mode] = [video.mediaType, bytes.toString('latin1', 4, 8)];
}

const errors: unknown[] = [];
for (let n = 0; n < ERRORS; n++) {
  try {
    await generateVideo({ ...common, prompt: 'This fails.' });
  } catch (error) {
    const { name, message, statusCode, isRetryable } = error as Error & { statusCode?: number; isRetryable?: boolean };
    errors.push({ name, message, statusCode, isRetryable });
  }
}
console.log(JSON.stringify({ made, errors }));
