#!/usr/bin/env bash
# Makes what results are put together from, in server/seedance/media/: for each size of the reference (Ark API, section 11) one
# second of video, which is repeated for as long as a result lasts, and its last frame; and a few AAC frames of mono sound.
# Run by hand when the sizes change; needs ffmpeg with libx264 and libx265.
set -euo pipefail
cd "$(dirname "$0")/../server/seedance/media"

sizes=$(node --input-type=module -e "
  import { allSizes } from '../sizes.ts';
  for (const { resolution, width, height } of allSizes) console.log(resolution, width, height);
")

quietly() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@" </dev/null; }

# One closed group of pictures: a key frame first and no B-frames, so that it can be repeated, and cut short anywhere.
while read -r resolution width height; do
  name=${width}x${height}
  picture="gradients=size=$name:rate=24:duration=1:speed=0.02:n=3:seed=7"
  if [ "$resolution" = 4k ]; then
    quietly -f lavfi -i "$picture" -an -c:v libx265 -pix_fmt yuv420p10le -tag:v hvc1 -preset medium -crf 30 \
      -x265-params "bframes=0:keyint=24:min-keyint=24:scenecut=0:open-gop=0:log-level=error:info=0" "$name.mp4"
  else
    quietly -f lavfi -i "$picture" -an -c:v libx264 -pix_fmt yuv420p -preset veryslow -crf 26 -bf 0 -g 24 -keyint_min 24 \
      -sc_threshold 0 -bsf:v filter_units=remove_types=6 "$name.mp4"
  fi
  quietly -i "$name.mp4" -vf "select=eq(n\,23)" -frames:v 1 -update 1 -pix_fmt yuvj420p -q:v 12 "$name.jpg"
done <<<"$sizes"

quietly -f lavfi -i "sine=frequency=220:sample_rate=48000:duration=3" -af volume=-30dB -ac 1 -c:a aac -b:a 24k sound.m4a
ls -l | awk '{ sum += $5 } END { print NR - 1 " files, " sum " bytes" }'
