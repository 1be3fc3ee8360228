import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { subjects, type Subject } from '../../security/subjects';
import { enumOf } from '../enumOf';
import { plainProperties } from '../plainProperties';
import { UserErrorType } from '../userError.type';

export const SubjectEnum = enumOf(subjects);
registerEnumType(SubjectEnum, {
  name: 'Subject',
  description:
    'Who the permission matrix can be asked about: no one, each role, an API key with one scope (of an owner whom nothing else holds back).',
});

@ObjectType('PermissionCell', {
  ...plainProperties,
  description:
    'One field, one subject: what is decided, by which rule, and what the field costs. Generated from the one permission table.',
})
export class PermissionCellType {
  @Field(() => String, { description: 'The root type; of the endpoint /auth/graphql with `auth/` before it.' })
  readonly type!: string;
  @Field(() => String)
  readonly field!: string;
  @Field(() => SubjectEnum)
  readonly subject!: Subject;
  @Field(() => String, { description: '`ALLOW`, or the code that a client is refused with.' })
  readonly decision!: string;
  @Field(() => String, {
    nullable: true,
    description:
      'What it may be used on: `yes` whatever the field reaches, `own` what is theirs, `granted` also what its owner let them read.',
  })
  readonly reach!: string | null;
  @Field(() => String)
  readonly rule!: string;
  @Field(() => Int, { description: 'Of one item, before what is asked of it.' })
  readonly cost!: number;
  @Field(() => String, { nullable: true, description: 'The argument whose size multiplies the cost.' })
  readonly times!: string | null;
  @Field(() => String, { nullable: true, description: 'For each user, or each address of the signed out.' })
  readonly rateLimit!: string | null;
}

@ObjectType('AccessExplanation', plainProperties)
export class AccessExplanationType {
  @Field(() => Boolean, {
    description: 'No root field would be refused. Whose an object is, and which rates are used up, is not looked at.',
  })
  readonly allowed!: boolean;
  @Field(() => Int, { description: '0 where the text is no document.' })
  readonly depth!: number;
  @Field(() => Int)
  readonly maxDepth!: number;
  @Field(() => Int, { description: '0 where the document is refused before it is counted.' })
  readonly cost!: number;
  @Field(() => Int)
  readonly maxCost!: number;
  @Field(() => Boolean, { description: 'The operation allow-list lets it pass.' })
  readonly trusted!: boolean;
  @Field(() => [UserErrorType], {
    description: 'As the client would be told. `path`: the field of the answer; null where nothing would run at all.',
  })
  readonly refusals!: readonly UserErrorType[];
  @Field(() => [PermissionCellType], { description: 'One for each root field that would be asked for.' })
  readonly rules!: readonly PermissionCellType[];
}
