import { Kind, OperationTypeNode, type ASTVisitor, type ValidationContext, type ValidationRule } from 'graphql';
import { refusal } from '../errors/refusal';
import type { PermissionTable } from './permissions';

/** A subscription asks for what its events carry. A field that does work of its own, by the table, would do it for every event and reader. */
export function streamableRule(table: PermissionTable): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const isSubscription = context
      .getDocument()
      .definitions.some(
        (definition) =>
          definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.SUBSCRIPTION,
      );
    if (!isSubscription) return {};
    return {
      Field({ name: { value: field } }) {
        const type = context.getParentType()?.name ?? '';
        if (table.objectTypes[type]?.fieldCosts?.[field] === undefined) return;
        const message = `\`${type}.${field}\` is not part of a stream's events. Ask for it in a query.`;
        context.reportError(refusal('NOT_STREAMABLE', message));
      },
    };
  };
}
