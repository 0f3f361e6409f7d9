import { makeVideo } from '../../../server/seedance/media-files.ts';

/** What a create request gets that asks for nothing but a model and a text: 5 s at 720p, 16:9, with sound. */
export const standardVideo = await makeVideo({
  resolution: '720p',
  ratio: '16:9',
  frames: 120,
  sound: true,
  container: 'mp4',
});
