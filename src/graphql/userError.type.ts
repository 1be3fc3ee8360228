import { Field, ObjectType } from 'type-graphql';
import { plainProperties } from './plainProperties';

/** What trading refuses is data: see docs/ERRORS.md for the codes. */
@ObjectType('UserError', {
  ...plainProperties,
  description:
    'Domain refusals are data with a stable code; thrown GraphQL errors are for access, limits and faults. `path`: the input field that is to be changed.',
})
export class UserErrorType {
  @Field(() => String)
  readonly code!: string;
  @Field(() => String)
  readonly message!: string;
  @Field(() => [String], { nullable: true })
  readonly path!: readonly string[] | null;
}
