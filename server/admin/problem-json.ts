import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { type Problem, problem, reasonOf, UsageError } from '../errors.ts';

/** Sends problems as RFC 9457 `application/problem+json`; the first one gives the title. */
export function sendProblems(
  reply: FastifyReply,
  problems: readonly Problem[],
  status = problems[0]?.status ?? 400,
): FastifyReply {
  const [first] = problems;
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: `urn:seedance-mock:problem:${first?.code.toLowerCase().replaceAll('_', '-') ?? 'about:blank'}`,
        title: problems.length > 1 ? `${problems.length} problems` : first?.message,
        status,
        detail: first && `${first.message} ${first.hint}`,
        problems,
      }),
    );
}

/** Makes every refusal of an app a problem document; what is not a refusal is handed to `onBug`. */
export function answerProblems(app: FastifyInstance, onBug: (error: unknown) => void): void {
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    if (error instanceof UsageError) return sendProblems(reply, error.problems);
    const { statusCode = 500 } = error;
    if (statusCode >= 500) onBug(error);
    return sendProblems(reply, [problem('ADMIN_BAD_REQUEST', { reason: reasonOf(error) })], statusCode);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblems(reply, [problem('ADMIN_NOT_FOUND', { what: `${request.method} ${request.url.split('?')[0]}` })]),
  );
}
