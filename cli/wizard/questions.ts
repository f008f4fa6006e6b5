/** The answer of somebody who wants the question before. */
export const BACK = Symbol('back');
export type Back = typeof BACK;

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** One sentence on what it means. */
  readonly hint?: string;
}

interface Asked {
  readonly message: string;
  /** One sentence on what it is for. */
  readonly why?: string;
  /** Whether there is a question before. */
  readonly canGoBack: boolean;
}

export interface TextQuestion extends Asked {
  readonly default?: string;
  /** @returns what to say of a text that can't be taken. */
  refuse(text: string): string | undefined;
}

export interface ChoiceQuestion extends Asked {
  readonly choices: readonly Choice[];
  readonly default?: string;
  refuse?(value: string): string | undefined;
}

export interface ManyQuestion extends Asked {
  readonly choices: readonly Choice[];
  readonly default: readonly string[];
  refuse?(values: readonly string[]): string | undefined;
}

/** How a person is asked. Dialogues know this alone: with arrow keys or line by line, they are the same. */
export interface Questions {
  text(question: TextQuestion): Promise<string | Back>;
  /** What is typed is not shown. */
  secret(question: Omit<TextQuestion, 'default'>): Promise<string | Back>;
  choose(question: ChoiceQuestion): Promise<string | Back>;
  chooseMany(question: ManyQuestion): Promise<readonly string[] | Back>;
  tell(lines: readonly string[]): void;
  close(): void;
}

/** What is typed to go back, where a text is asked. */
export const BACK_SIGN = '<';

/** What stands before the answer. */
export function labelOf(message: string, colon: string): string {
  return message.endsWith('?') ? `${message} ` : `${message}${colon}`;
}
