"""Each threat that was thought of has a number, and each number its tests (security.md 4.3)."""

from dataclasses import dataclass

GUARD = "connector/test_guard.py"
HOSTILE = f"{GUARD}::test_a_hostile_body_is_refused"
SESSION = "connector/test_session.py"
TICKETS = "security/test_connector.py"
ROUTES = "web/test_every_route.py"
SIGN_IN = "web/test_sign_in.py"
TENANTS = "security/test_tenants.py"
SLOW = "security/test_slow_clients.py"
SERVER = "security/test_server.py"


@dataclass(frozen=True)
class Row:
    """`tests` are node ids below tests/, without parameters; `bodies` are hostile bodies that are among them. Where
    there are no tests, `not_yet` says why."""

    what: str
    tests: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    not_yet: str = ""


def hostile(what: str, *bodies: str) -> Row:
    return Row(what, (HOSTILE,), bodies)


TABLE: dict[int, Row] = {
    1: hostile(
        "a document type", "document type", "document type in UTF-16", "document type after 80 KB of white space"
    ),
    2: hostile("entities", "internal entity", "external entity", "external entity over HTTP", "undeclared entity"),
    3: Row(
        "entity bombs",
        (HOSTILE, f"{GUARD}::test_a_flood_costs_less_than_50_milliseconds"),
        ("billion laughs", "billion laughs in an attribute", "quadratic blowup"),
    ),
    4: hostile("an external DTD", "external DTD", "public DTD", "parameter entity"),
    5: hostile("depth", "depth of 300", "depth of 100,000", "depth of 10,000 in the header"),
    6: Row(
        "30,000 attributes",
        (HOSTILE, f"{GUARD}::test_a_flood_costs_less_than_50_milliseconds"),
        ("30,000 attributes", "64 KB of attributes", "30,000 attributes in a big answer"),
    ),
    7: hostile("16,000 namespaces", "16,000 namespaces", "2,000 namespaces"),
    8: Row(
        "a body that is too large is refused unread",
        (
            f"{GUARD}::test_a_length_that_is_absent_strange_or_too_large_is_refused_unread",
            f"{GUARD}::test_what_is_too_large_for_its_operation_is_not_read_on",
        ),
    ),
    9: Row(
        "a Content-Length that is abc, -5, 0 or absent",
        (
            f"{GUARD}::test_a_length_that_is_absent_strange_or_too_large_is_refused_unread",
            f"{GUARD}::test_no_bytes_are_no_call",
        ),
    ),
    10: Row(
        "a body that is cut off",
        (
            f"{GUARD}::test_a_body_that_is_shorter_than_its_length_is_refused",
            f"{GUARD}::test_a_whole_call_within_a_body_that_is_too_short_is_not_made",
            "connector/test_wire.py::test_a_client_that_goes_away_in_its_body_makes_no_call",
        ),
    ),
    11: Row(
        "other character sets",
        (HOSTILE, f"{GUARD}::test_another_content_type_is_refused_unread"),
        ("UTF-16 with BOM", "UTF-32", "UTF-7", "EBCDIC", "declared ISO-8859-1", "declared nonsense"),
    ),
    12: hostile("bad UTF-8", "bad UTF-8", "overlong UTF-8", "surrogate in UTF-8", "UTF-8 that is cut", "NUL"),
    13: hostile("an empty body", "empty body", "body of comments", "nothing but white space"),
    14: hostile("two calls", "two calls", "two calls of two operations", "two bodies"),
    15: hostile("no body", "no body", "header only", "no envelope"),
    16: hostile("id and href", "id", "href", "href to nothing", "href to itself"),
    17: hostile("xsi:type", "xsi:type of a list", "xsi:type of an int", "xsi:type of nothing"),
    18: hostile(
        "a nested or doubled argument", "argument in an argument", "element in an argument", "argument given twice"
    ),
    19: hostile("another namespace", "call of another namespace", "call without a namespace", "namespace with a space"),
    20: Row(
        "GET, HEAD, PUT, OPTIONS",
        (
            f"{GUARD}::test_other_verbs_are_told_which_are_allowed",
            f"{GUARD}::test_a_person_who_opens_the_address_sees_that_it_works",
            f"{GUARD}::test_head_is_get_without_its_body",
        ),
    ),
    21: Row("an answer of 12 MB is taken", (f"{GUARD}::test_a_large_answer_of_quickbooks_is_taken_whole",)),
    22: Row(
        "a control character in an order makes valid XML",
        (
            f"{TICKETS}::test_a_control_character_in_an_order_reaches_quickbooks_as_valid_xml",
            "connector/test_contract.py::test_what_xml_cannot_hold_is_dropped_and_the_rest_arrives",
            "posting/test_plan.py::test_whatever_an_order_holds_quickbooks_can_hold_it_or_it_is_said_why_not",
        ),
    ),
    23: Row("the WSDL ignores Host", ("connector/test_wire.py::test_the_wsdl_ignores_the_host_that_was_asked",)),
    24: Row("the WSDL is Intuit's", ("connector/test_contract.py::test_the_eight_operations_are_intuits",)),
    25: Row(
        "a foreign client with Intuit's WSDL", ("connector/test_wire.py::test_a_foreign_client_makes_the_eight_calls",)
    ),
    26: Row(
        "Expect: 100-continue", ("connector/test_wire.py::test_the_body_is_asked_for_when_the_client_waits_for_it",)
    ),
    27: Row(
        "no secret in any log",
        (
            "ops/test_logs.py::test_no_secret_stands_in_the_log",
            f"{GUARD}::test_a_hostile_body_is_refused",
            f"{GUARD}::test_a_failure_is_told_to_the_log_by_a_reference_and_without_what_was_sent",
        ),
    ),
    28: Row(
        "1,000 wrong passwords, then the right one from elsewhere",
        (f"{TICKETS}::test_after_a_thousand_wrong_passwords_the_right_one_is_taken_at_once",),
    ),
    29: Row(
        "the same from the same address",
        (f"{TICKETS}::test_after_a_thousand_wrong_passwords_the_right_one_is_taken_at_once",),
    ),
    30: Row(
        "an unknown user and a wrong password are alike",
        (
            f"{TICKETS}::test_a_user_name_that_nobody_has_is_answered_and_costs_as_a_wrong_password",
            f"{SIGN_IN}::test_nobody_is_told_whether_it_is_the_address_or_the_password",
            "security/test_timing.py::test_the_connectors_door_takes_as_long_for_a_user_whom_nobody_has",
            "security/test_timing.py::test_the_pages_door_takes_as_long_for_an_address_that_nobody_has",
        ),
    ),
    31: Row(
        "a ticket that is not good, in every call that takes one",
        (
            f"{TICKETS}::test_a_ticket_that_is_not_good_opens_nothing",
            f"{TICKETS}::test_what_would_be_interactive_is_answered_with_nothing_and_does_nothing",
            f"{TICKETS}::test_every_call_that_takes_a_ticket_is_tried_here",
        ),
    ),
    32: Row("an answer that comes twice", (f"{SESSION}::test_an_answer_that_comes_twice_has_one_effect",)),
    33: Row(
        "parallel calls with one ticket",
        (f"{SESSION}::test_of_parallel_calls_with_one_ticket_only_one_gets_the_order",),
    ),
    34: Row("a second login ends the first", (f"{SESSION}::test_a_second_login_ends_the_first",)),
    35: Row(
        "two companies, every route",
        (
            f"{TENANTS}::test_a_token_reaches_nothing_of_another_company",
            f"{TENANTS}::test_a_company_that_one_may_not_see_has_no_page",
            f"{TENANTS}::test_under_a_company_that_one_sees_the_things_of_another_are_not_there",
            f"{TENANTS}::test_no_question_to_ones_own_company_brings_what_is_anothers",
            f"{TENANTS}::test_no_page_beside_the_companies_tells_a_clerk_of_a_hidden_one",
            f"{TENANTS}::test_there_is_no_address_but_those_that_are_tried_here",
            f"{TICKETS}::test_a_ticket_moves_nothing_of_another_company_whatever_its_answer_names",
            f"{TICKETS}::test_a_password_opens_its_own_company_alone",
        ),
    ),
    36: Row(
        "forms of other sites; GET changes nothing",
        (
            f"{ROUTES}::test_no_form_does_anything_without_its_secret",
            f"{ROUTES}::test_asking_for_a_page_changes_nothing_and_its_answer_is_hardened",
            f"{SIGN_IN}::test_a_form_of_another_site_is_refused_also_when_it_signs_in",
            f"{SIGN_IN}::test_what_the_browser_says_of_a_forms_origin_counts",
            f"{TENANTS}::test_a_browsers_session_opens_neither_the_api_nor_the_connector",
        ),
    ),
    37: Row(
        "cookies",
        (
            f"{SIGN_IN}::test_the_session_cookie_is_for_this_site_alone_and_no_script",
            f"{SIGN_IN}::test_over_https_cookies_are_secure_and_bound_to_the_host",
        ),
    ),
    38: Row(
        "fixation, signing out, the back button, a disabled user",
        (
            f"{SIGN_IN}::test_a_cookie_that_was_there_before_does_not_become_the_session",
            f"{SIGN_IN}::test_after_signing_out_the_session_opens_nothing_also_for_who_kept_its_cookie",
            f"{SIGN_IN}::test_the_back_button_shows_nothing_after_signing_out",
            f"{SIGN_IN}::test_somebody_who_is_disabled_is_out_at_once_and_stays_out",
        ),
    ),
    39: Row(
        "headers on every answer",
        (
            f"{ROUTES}::test_asking_for_a_page_changes_nothing_and_its_answer_is_hardened",
            "web/test_site.py::test_every_answer_is_hardened",
            "security/test_headers.py::test_each_answer_forbids_guessing_and_names_itself",
            "api/test_access.py::test_every_answer_carries_what_keeps_browsers_out",
            f"{GUARD}::test_every_answer_forbids_storing_and_guessing",
        ),
    ),
    40: Row(
        "twenty hostile names in a browser",
        (
            "browser/test_hostile_names.py::test_there_are_twenty_of_them",
            "browser/test_hostile_names.py::test_nothing_runs_that_came_as_a_name",
        ),
    ),
    41: Row(
        "showing the password asks for one's own, and is told of",
        (
            "web/test_integrations.py"
            "::test_the_password_is_masked_until_it_is_asked_for_by_somebody_who_proves_who_they_are",
            "web/test_details.py::test_the_password_is_neither_shown_nor_made_before_one_proves_who_one_is",
        ),
    ),
    42: Row(
        "a new password: at once, with grace, leaked, twice",
        (
            "companies/test_account.py::test_the_old_password_dies_at_once",
            "companies/test_account.py::test_with_grace_the_old_password_lives_until_its_hour",
            "companies/test_account.py::test_a_second_rotation_within_the_grace_ends_the_oldest",
            "web/test_details.py::test_only_a_leaked_password_ends_the_session_that_is_open",
        ),
    ),
    43: Row(
        "the .qwc file",
        (
            "cli/test_commands.py::test_the_qwc_file_is_written_and_holds_no_password",
            "companies/test_qwc.py::test_the_file_is_the_same_each_time",
            "companies/test_qwc.py::test_what_is_no_plain_text_in_a_name_is_escaped",
            "web/test_integrations.py::test_the_qwc_file_is_the_same_each_time_and_named_safely",
        ),
    ),
    44: Row(
        "X-Forwarded-For of strangers",
        (
            "ops/test_watching.py::test_the_client_is_the_rightmost_whom_no_proxy_of_ours_is",
            "ops/test_watching.py::test_without_trusted_proxies_nothing_that_is_said_counts",
            "ops/test_watching.py::test_a_spoofed_address_does_not_hide_who_tries_passwords",
        ),
    ),
    45: Row(
        "no secret in the database",
        (
            "ops/test_logs.py::test_no_secret_stands_in_the_database",
            "api/test_commands.py::test_the_database_holds_no_token",
        ),
    ),
    46: Row(
        "another secret key",
        (
            "companies/test_account.py::test_the_password_is_kept_sealed_and_shown_with_the_same_key_only",
            "web/test_details.py::test_a_password_kept_with_another_key_is_told_of",
            "notify/test_webhooks.py::test_another_secret_key_is_told_and_the_delivery_waits",
            "ops/test_watching.py::test_a_ready_service_says_so_and_one_that_is_not_says_why",
        ),
    ),
    47: Row(
        "a failure says its number and nothing else",
        (
            "ops/test_logs.py::test_the_id_of_a_failure_leads_from_the_page_to_the_log",
            "api/test_access.py::test_a_fault_of_ours_is_told_without_its_words_and_stands_in_the_log",
            f"{GUARD}::test_a_failure_is_told_to_the_log_by_a_reference_and_without_what_was_sent",
            "security/test_headers.py::test_a_page_that_fails_shows_a_number_and_nothing_of_why",
            "security/test_headers.py::test_when_all_else_fails_there_is_a_number_and_nothing_else",
        ),
    ),
    48: Row(
        "who may send what",
        (
            "security/test_rights.py::test_only_what_the_settings_allow_is_sent_by_those_who_see_the_company",
            "browser/test_permissions.py::test_a_form_that_asks_for_more_than_is_allowed_is_refused_by_the_server",
        ),
    ),
    49: Row("OAuth of QuickBooks Online", not_yet="there is no QuickBooks Online yet"),
    50: Row(
        "document types and bombs within QuickBooks' answer",
        (
            f"{TICKETS}::test_a_document_type_within_quickbooks_answer_is_nobodys_answer",
            "qbxml/test_responses.py::test_a_document_type_is_refused_in_any_form",
            "qbxml/test_responses.py::test_depth_is_bounded",
        ),
    ),
    51: Row(
        "the wrong company file",
        (
            f"{SESSION}::test_a_wrong_company_file_gets_no_message_and_says_so",
            "e2e/test_arrival.py::test_another_company_file_gets_a_clear_refusal_and_no_message",
        ),
    ),
    52: Row(
        "/metrics is closed",
        (
            "ops/test_watching.py::test_metrics_are_open_to_this_machine_and_to_the_token_alone",
            "security/test_headers.py::test_metrics_are_closed_to_who_calls_from_elsewhere",
        ),
    ),
    53: Row("formulas in CSV", not_yet="nothing is written as CSV"),
    54: Row(
        "SIGTERM while something is under way",
        (
            f"{SLOW}::test_what_is_under_way_when_sigterm_comes_is_answered",
            f"{SERVER}::test_a_body_of_50_megabytes_that_is_on_its_way_when_sigterm_comes_is_taken",
            f"{SERVER}::test_an_answer_that_is_being_taken_when_sigterm_comes_is_taken_whole",
            f"{SERVER}::test_who_has_asked_before_sigterm_is_answered_though_nobody_has_looked_yet",
            f"{SERVER}::test_a_second_signal_during_an_upload_ends_it_at_once",
        ),
    ),
    55: Row(
        "slow clients",
        (
            f"{SLOW}::test_a_request_whose_body_trickles_is_cut_off",
            f"{SLOW}::test_a_request_whose_head_trickles_is_cut_off",
            f"{SLOW}::test_while_fifty_of_them_stand_there_polls_are_answered",
            f"{SERVER}::test_a_worker_that_waits_for_a_client_to_take_its_answers_does_not_wait_for_ever",
            f"{SERVER}::test_who_takes_an_answer_by_the_drop_is_cut_off",
            f"{SERVER}::test_in_a_storm_of_five_hundred_connections_polls_go_on",
        ),
    ),
}
