import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from './appError';
import { catalogue, type ErrorCode } from './catalogue';
import { asParseError } from './parseError';

export interface MaskOptions {
  /** Told to the client in place of what is hidden, and written to the log beside it. */
  readonly requestId: string;
  /** Receives every failure that is hidden from the client. */
  readonly onHidden: (error: unknown) => void;
}

/**
 * The one way out for errors, on HTTP and WebSocket: a message written for the reader and a code of the catalogue.
 * Whatever is not one of ours leaves as INTERNAL_SERVER_ERROR with the request id; its text goes to the log only.
 */
export function maskError(error: unknown, options: MaskOptions): GraphQLFormattedError {
  const graphqlError = error instanceof GraphQLError ? error : null;
  const place = {
    ...(graphqlError?.locations ? { locations: graphqlError.locations } : {}),
    ...(graphqlError?.path ? { path: graphqlError.path } : {}),
  };
  const appError = findAppError(error);
  if (appError !== null) {
    return {
      message: withoutSuggestions(appError.publicMessage),
      ...place,
      extensions: { code: appError.code, ...appError.extensions },
    };
  }
  const ownCode = graphqlError === null ? null : codeOfGraphqlError(graphqlError);
  if (graphqlError !== null && ownCode !== null) {
    return { message: withoutSuggestions(graphqlError.message), ...place, extensions: { code: ownCode } };
  }
  options.onHidden(error);
  const { message } = catalogue.INTERNAL_SERVER_ERROR;
  return { message, ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: options.requestId } };
}

function findAppError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  return error instanceof GraphQLError && error.originalError != null ? findAppError(error.originalError) : null;
}

/** The code of a refusal by GraphQL itself, which the transport has put on the error. */
function codeOfGraphqlError(error: GraphQLError): ErrorCode | null {
  const { code } = error.extensions;
  if (code === 'GRAPHQL_PARSE_FAILED') return asParseError(error).code;
  return typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR' && code in catalogue ? (code as ErrorCode) : null;
}

const suggestion = / Did you mean .+\?$/s;

/** Names of the schema are not for guessing: "Did you mean …?" stays here. */
function withoutSuggestions(message: string): string {
  return message.replace(suggestion, '');
}
