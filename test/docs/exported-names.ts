/** What a source file exports, by TypeScript's own parser: `name`, and `Class.member` of classes and interfaces. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

export function exportedNames(path: string): ReadonlySet<string> {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  return new Set(source.statements.flatMap(namesOf));
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement;
    return exportClause && ts.isNamedExports(exportClause)
      ? exportClause.elements.map(({ name }) => name.text)
      : [];
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => textOf(name));
  if (ts.isFunctionDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
    return textOf(statement.name);
  if (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement))
    return textOf(statement.name).flatMap((name) => [
      name,
      ...statement.members.flatMap((member) => textOf(member.name)).map((of) => `${name}.${of}`),
    ]);
  return [];
}

function textOf(name: ts.Node | undefined): string[] {
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}
