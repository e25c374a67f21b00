export function focusedLine(): string | undefined;
export function focusRing(): string;
export function violations(): Promise<string[]>;
export function foreign(): {
  elements: number;
  scripts: number;
  styles: number;
  hasFooter: boolean;
  hasHandlers: boolean;
};
export function contrasts(): { weak: string[]; texts: number; ground: number };
export function unseen(): string[];
export function tooWide(entry: string): string[];
export function closeClipboard(): void;
export function readClipboard(): Promise<string>;
export function colors(): { backgroundColor: string; colorScheme: string };
