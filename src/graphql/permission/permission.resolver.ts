import { Arg, Args, ArgsType, Ctx, Field, Query, Resolver } from 'type-graphql';
import { AppError } from '../../errors/appError';
import type { AccessExplanation } from '../../security/accessReview';
import type { PermissionCell } from '../../security/permissionMatrix';
import type { Subject } from '../../security/subjects';
import type { GraphqlContext } from '../context';
import { JsonScalar } from '../scalar/scalars';
import { AccessExplanationType, PermissionCellType, SubjectEnum } from './permission.type';

@ArgsType()
class ExplainArgs {
  @Field(() => String)
  readonly document!: string;
  @Field(() => SubjectEnum)
  readonly subject!: Subject;
  @Field(() => JsonScalar, { nullable: true })
  readonly variables?: unknown;
}

@Resolver()
export class PermissionResolver {
  @Query(() => [PermissionCellType], {
    nullable: true,
    description: 'What this deployment decides, field by field; of all subjects where none is named.',
  })
  permissionMatrix(
    @Arg('subject', () => SubjectEnum, { nullable: true }) subject: Subject | null,
    @Ctx() { services }: GraphqlContext,
  ): readonly PermissionCell[] {
    return services.access.matrix(subject ?? null);
  }

  @Query(() => AccessExplanationType, {
    nullable: true,
    description: 'What would happen if the subject sent this document, and why. Nothing of it is run.',
  })
  explainAccess(
    @Args(() => ExplainArgs) { document, subject, variables = null }: ExplainArgs,
    @Ctx() { services }: GraphqlContext,
  ): AccessExplanation {
    return services.access.explain({ document, subject, variables: toVariables(variables) });
  }
}

function toVariables(value: unknown): Readonly<Record<string, unknown>> {
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  throw new AppError('BAD_USER_INPUT', { publicMessage: '`variables` is an object of values by their names.' });
}
