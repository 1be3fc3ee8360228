import { GraphQLError } from 'graphql';
import type { ErrorCode } from './catalogue';

/** Key under which a validation error carries its code past servers that put a code of their own over `extensions.code`. */
export const refusalKey = 'refusal';

/** A GraphQL error of validation with a code of ours; the masking exit turns it into `extensions.code`. */
export function refusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { [refusalKey]: code } });
}
