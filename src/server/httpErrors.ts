import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors/appError';
import { catalogue } from '../errors/catalogue';
import { maskError } from '../errors/maskError';
import type { Logger } from '../telemetry/logger';
import type { Metrics } from '../telemetry/metrics';
import { bodyTooLarge } from './requestBody';
import { headerLines, type SecurityHeaders } from './securityHeaders';

/** Fastify's own refusals, as codes of ours. */
function asAppError(error: FastifyError | AppError): FastifyError | AppError {
  if (error instanceof AppError) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge();
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('BAD_REQUEST', { publicMessage: 'Send `content-type: application/json`.' });
  }
  return error.statusCode !== undefined && error.statusCode < 500
    ? new AppError('BAD_REQUEST', { cause: error })
    : error;
}

/** Failures before GraphQL begins leave in the shape of a GraphQL answer too, through the same masking exit, each with its request's id. */
export function createErrorHandler(parts: { readonly logger: Logger; readonly metrics: Metrics }) {
  return (error: FastifyError | AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = asAppError(error);
    const masked = maskError(known, {
      requestId: request.id,
      onHidden: (hidden) => {
        parts.logger.error({ err: hidden, requestId: request.id }, 'request failed');
      },
    });
    const code = known instanceof AppError ? known.code : 'INTERNAL_SERVER_ERROR';
    parts.metrics.refusals.inc({ code, transport: 'http' });
    const retryAfterMs = known instanceof AppError ? known.extensions['retryAfterMs'] : undefined;
    if (typeof retryAfterMs === 'number') void reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
    const told = { ...masked, extensions: { ...masked.extensions, requestId: request.id } };
    return reply.status(catalogue[code].status).send({ errors: [told] });
  };
}

/** Node's refusals with a status of their own; every other one is a 400. */
const statusOfClientError: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what never became a request (broken HTTP, headers over the limit, too slow), in the shape of every other failure, and hangs up. */
export function createClientErrorHandler(parts: {
  readonly metrics: Metrics;
  readonly securityHeaders: SecurityHeaders;
}) {
  return (error: Error & { readonly code?: string }, socket: Socket): void => {
    // A reset connection has nobody to answer.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal = new AppError('BAD_REQUEST', { cause: error });
    parts.metrics.refusals.inc({ code: refusal.code, transport: 'http' });
    const { publicMessage: message, code } = refusal;
    const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
    const status = statusOfClientError[error.code ?? ''] ?? catalogue.BAD_REQUEST.status;
    socket.write(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        'Content-Type: application/json; charset=utf-8',
        `Content-Length: ${Buffer.byteLength(body)}`,
        ...headerLines(parts.securityHeaders),
        'Cache-Control: no-store',
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
    socket.destroySoon();
  };
}
