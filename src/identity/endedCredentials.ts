import { AppError } from '../errors/appError';

/** Answers whoever comes with an access token that was good once. A client may come back with a fresh one by itself; any other refusal is final. */
export function tokenExpired(cause?: unknown): AppError {
  return new AppError('UNAUTHENTICATED', {
    publicMessage:
      'Your access token has expired. Send your refresh token to POST /auth/session for another, or sign in again (`login` of /auth/graphql).',
    extensions: { reason: 'TOKEN_EXPIRED' },
    cause,
  });
}

/** Answers whoever comes with an API key that is none, or none any more: which of the two is not told. */
export function apiKeyEnded(): AppError {
  return new AppError('UNAUTHENTICATED', { publicMessage: 'This API key is not good (any more). Make another.' });
}
