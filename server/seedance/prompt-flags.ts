import { type Fields, judgeField } from './fields.ts';
import type { Mode, Model } from './models.ts';

type Flag = 'resolution' | 'ratio' | 'duration' | 'frames' | 'seed' | 'camera_fixed' | 'watermark';

/** Short and long forms of the flags that older clients write into the prompt (reference, section 2.1). */
const flags: Readonly<Record<string, Flag>> = {
  rs: 'resolution',
  resolution: 'resolution',
  rt: 'ratio',
  ratio: 'ratio',
  dur: 'duration',
  duration: 'duration',
  frames: 'frames',
  seed: 'seed',
  cf: 'camera_fixed',
  camerafixed: 'camera_fixed',
  camera_fixed: 'camera_fixed',
  wm: 'watermark',
  watermark: 'watermark',
};

function readValue(flag: Flag, text: string): string | number | boolean | undefined {
  switch (flag) {
    case 'resolution':
    case 'ratio':
      return text;
    case 'duration':
    case 'frames':
    case 'seed':
      return /^-?\d+$/.test(text) ? Number(text) : undefined;
    case 'camera_fixed':
    case 'watermark':
      return text === 'true' ? true : text === 'false' ? false : undefined;
  }
}

/** The settings in a prompt. The service validates them loosely: what the model does not take is ignored. */
export function readPromptFlags(prompt: string, model: Model, mode: Mode): Partial<Fields> {
  const found: [Flag, string | number | boolean][] = [];
  for (const [, name = '', text = ''] of prompt.matchAll(/--([a-z_]+)\s+(\S+)/g)) {
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    const value = flag && readValue(flag, text);
    if (flag && value !== undefined && !judgeField(flag, value, model, mode)) found.push([flag, value]);
  }
  return Object.fromEntries(found);
}
