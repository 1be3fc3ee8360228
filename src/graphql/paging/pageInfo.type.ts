import { Field, ObjectType } from 'type-graphql';
import { plainProperties } from '../plainProperties';
import { CursorScalar } from '../scalar/scalars';

@ObjectType('PageInfo', plainProperties)
export class PageInfoType {
  @Field(() => Boolean)
  readonly hasNextPage!: boolean;
  @Field(() => Boolean)
  readonly hasPreviousPage!: boolean;
  @Field(() => CursorScalar, { nullable: true })
  readonly startCursor!: string | null;
  @Field(() => CursorScalar, { nullable: true })
  readonly endCursor!: string | null;
}
