%% The program under test: an ordinary client of Erlang's ssl application that writes when it is told to.
%%
%% erl -run rekeyspec_client main PORT DIRECTORY TIMEOUT OPTIONS: DIRECTORY has authority.pem, client.pem and client.key;
%% TIMEOUT is that of ssl:connect (ms, or infinity); OPTIONS are options of ssl:connect, as an Erlang term. On stdin
%% `write N` (bytes), `renew` and `quit`; its end ends the program. On stdout `ready`, `got N`, `closed` or
%% `lost REASON`. Nothing here touches the protocol.
-module(rekeyspec_client).
-export([main/1]).

main([Port, Directory, Timeout, Text]) ->
    {ok, _} = application:ensure_all_started(ssl),
    logger:set_primary_config(level, none),
    {ok, Options} = term(Text),
    {ok, Wait} = term(Timeout),
    File = fun(Name) -> filename:join(Directory, Name) end,
    Own = [binary, {active, true}, {nodelay, true}, {versions, ['tlsv1.3']}, {ciphers, ["TLS_AES_128_GCM_SHA256"]},
           {cacertfile, File("authority.pem")}, {certfile, File("client.pem")}, {keyfile, File("client.key")}],
    Self = self(),
    spawn_link(fun() -> read(Self) end),
    case ssl:connect({127, 0, 0, 1}, list_to_integer(Port), Own ++ Options, Wait) of
        {ok, Socket} ->
            say("ready"),
            obey(Socket);
        {error, Reason} ->
            say(io_lib:format("lost ~0p", [Reason]))
    end,
    halt().

term(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    erl_parse:parse_term(Tokens).

%% stdin is read from the start, so that its end is noticed even before the connection is there.
read(To) ->
    case io:get_line("") of
        eof -> halt();
        {error, _} -> halt();
        Line -> To ! {line, string:lexemes(Line, " \n")}, read(To)
    end.

obey(Socket) ->
    receive
        {line, ["write", Size]} -> ssl:send(Socket, binary:copy(<<".">>, list_to_integer(Size))), obey(Socket);
        {line, ["renew"]} -> ssl:update_keys(Socket, read_write), obey(Socket);
        {line, ["quit"]} -> ssl:close(Socket), say("closed");
        {ssl, Socket, Data} -> say(io_lib:format("got ~b", [byte_size(Data)])), obey(Socket);
        {ssl_closed, Socket} -> say("closed");
        {ssl_error, Socket, Reason} -> say(io_lib:format("lost ~0p", [Reason]))
    end.

say(Text) -> io:put_chars([Text, "\n"]).
