# A job in shell: the squares of 1 to 5, and their sum. What a script is told is one line of JSON; what
# it says is, too. See docs/jobs.md.
read -r task
case $task in
  *'"do":"split"'*) echo '{"result": [1, 2, 3, 4, 5], "reduce": true}' ;;
  *'"do":"part"'*)
    number=${task##*\"input\":}
    number=${number%\}}
    echo "{\"result\": $((number * number))}" ;;
  *'"do":"reduce"'*)
    results=${task##*\"results\":[}
    results=${results%%]*}
    echo "{\"result\": $(($(echo "$results" | tr , +)))}" ;;
esac
