/** Text that may stand in Markdown in Teams: times that the client fills in, with nothing but letters beside them. */
export const moment =
  /^(?:[\p{L} ,:;()]*\{\{DATE\(([\d:TZ+-]+), SHORT\)\}\}, \{\{TIME\(\1\)\}\} your time \([+\d-]{10,13} \d\d:\d\d UTC\)[\p{L} ,:;()]*\.?)+$/u;
