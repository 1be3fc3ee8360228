import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors/appError';
import type { AuthServices } from '../graphql/context';
import type { Client } from '../identity/sessions';
import { plainAddress, rateKeyOf } from '../security/authentication';
import type { CallLimiter } from '../security/fieldRateLimiter';

const path = '/auth/session';
/** Longer than any token of ours. */
const maxTokenLength = 256;

/**
 * Refreshing and ending sessions, as JSON: no GraphQL, so that a proxy can limit it apart from sign-ins.
 *   POST    { "refreshToken": "…" }   200, what `login` gives; 401 where the session has ended
 *   DELETE  { "refreshToken": "…" }   204, also where it had ended before
 * Failures have the shape of GraphQL's, `{ "errors": [{ "message", "extensions": { "code" } }] }`.
 */
export function mountAuthSession(
  app: FastifyInstance,
  parts: { readonly sessions: AuthServices['sessions']; readonly callLimiter: CallLimiter },
): void {
  const { sessions, callLimiter } = parts;
  const preHandler = async (request: FastifyRequest): Promise<void> => {
    const decision = await callLimiter('session', { name: path, who: rateKeyOf(null, request.ip) });
    if (decision !== true) throw decision;
  };
  app.post(path, { preHandler }, async (request) => {
    const { accessToken, expiresAt, refreshToken } = await sessions.refresh(tokenOf(request.body), clientOf(request));
    return { accessToken, expiresAt: new Date(expiresAt).toISOString(), refreshToken };
  });
  app.delete(path, { preHandler }, async (request, reply) => {
    await sessions.end(tokenOf(request.body), clientOf(request).ip);
    return reply.status(204).send();
  });
}

function tokenOf(body: unknown): string {
  const token: unknown =
    typeof body === 'object' && body !== null && 'refreshToken' in body ? body.refreshToken : undefined;
  const members = typeof body === 'object' && body !== null ? Object.keys(body).length : 0;
  if (typeof token === 'string' && token !== '' && token.length <= maxTokenLength && members === 1) return token;
  throw new AppError('BAD_REQUEST', {
    publicMessage: 'Send `{ "refreshToken": "…" }` as application/json, and nothing else.',
  });
}

function clientOf(request: FastifyRequest): Client {
  return { ip: plainAddress(request.ip), userAgent: request.headers['user-agent'] ?? null };
}
