/** A file in the storage: the id that its task gave it, and what its shape adds. */
export const RESULT_FILE = String.raw`\d{15}[0-9a-f]{38}\.(?:mp4|mov|jpg)`;

const RESULT = String.raw`/[^/?]+/${RESULT_FILE}(?:\?|$)`;
const OF_A_LANE = new RegExp(`^/([a-z0-9-]+)${RESULT}`);
const IN_ITS_LANE = new RegExp(`^${RESULT}`);

/** The lane that the path of a result names. The main lane's results have none. */
export const laneOfResult = (url: string): string | undefined => OF_A_LANE.exec(url)?.[1];

/** Whether path and query, as a lane knows them, are those of a result. */
export const isResult = (url: string): boolean => IN_ITS_LANE.test(url);

/** Path and query as a lane knows them: without its id, with which the paths of its results begin. A scenario means the same in
 * every lane. */
export const urlInLane = (url: string, lane: string): string =>
  url.startsWith(lane, 1) && laneOfResult(url) === lane ? url.slice(lane.length + 1) : url;
