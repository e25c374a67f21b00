/** Text that a hostile schema or query could carry into a report. */
export const hostile =
  '\u001b[2J\u001b[31mred\u001b[0m\r\n::error file=x,line=1::owned\n##[add-mask]x 100% | `code` ```\n<script>alert(1)</script> *b* [a](https://evil.example) @all \u202eevil\u202c \u009b31m \u2028 \ud800';
