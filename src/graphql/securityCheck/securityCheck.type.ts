import { Field, ObjectType } from 'type-graphql';
import { plainProperties } from '../plainProperties';

@ObjectType('Check', { ...plainProperties, description: 'A box of the security checklists, looked at on this server.' })
export class CheckType {
  @Field(() => String)
  readonly name!: string;
  @Field(() => String, { description: 'The line of the checklist, and what stands in it.' })
  readonly title!: string;
  @Field(() => Boolean, { description: 'False too where nobody can tell, and where it is not built.' })
  readonly passed!: boolean;
  @Field(() => String, { description: 'What was seen; where it did not pass, what to do.' })
  readonly evidence!: string;
}
