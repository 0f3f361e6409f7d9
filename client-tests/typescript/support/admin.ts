import type { MockServer } from '../../../server/index.ts';

/** What the admin API answered; a body that is no JSON is empty. */
export interface AdminAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** Calls the admin API as a script would: `callAdmin(server, 'POST /reset')`. */
export async function callAdmin(
  { adminUrl }: Pick<MockServer, 'adminUrl'>,
  call: string,
  body?: string,
): Promise<AdminAnswer> {
  const [method = 'GET', path = '/'] = call.split(' ');
  const response = await fetch(`${adminUrl}${path}`, { method, ...(body !== undefined && { body }) });
  const text = await response.text();
  const type = response.headers.get('content-type');
  return { status: response.status, type, body: type?.includes('json') ? JSON.parse(text) : undefined };
}
