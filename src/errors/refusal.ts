import { GraphQLError } from 'graphql';
import type { ErrorCode } from './catalogue';

/** An error of validation with a code of ours. */
export function refusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
