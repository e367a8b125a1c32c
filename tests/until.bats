# until - pass token lines on until a string is complete
load helper

# `until` is a word of the shell's own; quoted, it is the program.

@test "lines pass up to the one that completes the string" {
	printf '2624\n813 258\n517\n439\n' >ids
	\until 'n a t' <ids >got
	head -n 3 ids | diff - got
	\until 'Once' <ids >got
	head -n 1 ids | diff - got
	\until ' a' <ids >got
	head -n 2 ids | diff - got
	\until 'nowhere' <ids >got
	diff ids got
}

@test "the string may overlap itself, and bytes of a character" {
	printf '64\n64\n64\n65\n66\n' >ids
	\until aab <ids >got
	head -n 4 ids | diff - got
	printf '172\n253\n99\n247\n64\n' >ids
	\until "$(printf '\360\237\246\231')" <ids >got
	head -n 4 ids | diff - got
}

@test "control tokens are no text" {
	printf '64\n4095\n65\n66\n' >ids
	\until ab <ids >got
	head -n 3 ids | diff - got
	\until '<|endoftext|>' <ids >got
	diff ids got
}

@test "a line is out before the next is in; it exits with the input open" {
	mkfifo in out
	\until 'b' <in >out &
	exec 5>in 6<out
	echo 64 >&5
	read -r -t 20 got <&6
	[ "$got" = 64 ]
	echo '66 65 66' >&5
	wait $!
	read -r -t 20 got <&6
	[ "$got" = '66 65 66' ]
	exec 5>&- 6<&-
}

@test "each sequence has its own text; a completed one passes no more" {
	printf '@1 64\n@2 65\n@1 65\n@2 64\n@1 67\n@2 67\n@2 64 65\n@3 65\n' >ids
	\until ab <ids >got
	printf '@1 64\n@2 65\n@1 65\n@2 64\n@2 67\n@2 64 65\n@3 65\n' | diff - got
}

@test "it exits when the string is complete in every sequence" {
	mkfifo in out
	\until 'b' <in >out &
	exec 5>in 6<out
	printf '@1 64\n@2 64\n' >&5
	read -r -t 20 got <&6
	read -r -t 20 got <&6
	[ "$got" = '@2 64' ]
	printf '@1 65\n@2 66\n' >&5
	read -r -t 20 got <&6
	read -r -t 20 got <&6
	[ "$got" = '@2 66' ]
	printf '@2 65\n' >&5
	wait $!
	cat <&6 >rest
	echo '@2 65' | diff - rest
	exec 5>&- 6<&-
}

@test "an id that the vocabulary does not have" {
	echo 5000 >ids
	fails 1 'until: stdin: line 1: id 5000 is not in the vocabulary of 4096' \
		\until a <ids
}

@test "wrong usage" {
	fails 2 'usage: until *' \until
	fails 2 'usage: until *' \until a b
	fails 2 'until: the string is empty' \until ''
	fails 1 'until: nowhere: No such file or directory' \
		\until -m nowhere a
}
