import { TextDecoder } from 'node:util';
import { AppError } from '../errors/appError';
import { limits } from '../security/limits';

/** What a POST of GraphQL over HTTP carries; Apollo checks the rest of its shape. */
export interface GraphqlRequestBody {
  readonly query: string;
  readonly variables?: unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON of a body. Throws BAD_REQUEST where it is not UTF-8 or not JSON. */
export function parseJsonBody(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch (cause) {
    throw new AppError('BAD_REQUEST', { publicMessage: 'The body is not JSON in UTF-8.', cause });
  }
}

/**
 * One operation. Throws BATCH_REFUSED for a list, PERSISTED_QUERY_NOT_SUPPORTED where a client offers or asks for a
 * persisted query, BAD_REQUEST for anything else that is not a GraphQL request.
 */
export function assertGraphqlBody(body: unknown): GraphqlRequestBody {
  if (Array.isArray(body)) throw new AppError('BATCH_REFUSED');
  if (isPersistedQuery(body)) throw new AppError('PERSISTED_QUERY_NOT_SUPPORTED');
  if (typeof body !== 'object' || body === null || !('query' in body) || typeof body.query !== 'string') {
    throw new AppError('BAD_REQUEST', { publicMessage: 'Send a JSON object with the document as `query`.' });
  }
  return { query: body.query, variables: 'variables' in body ? body.variables : undefined };
}

function isPersistedQuery(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('extensions' in body)) return false;
  return typeof body.extensions === 'object' && body.extensions !== null && 'persistedQuery' in body.extensions;
}

export function bodyTooLarge(): AppError {
  return new AppError('QUERY_TOO_LARGE', {
    publicMessage: `The body is larger than ${limits.http.maxBodyBytes} bytes.`,
  });
}
